import {
  AmbientLight,
  Box3,
  DirectionalLight,
  LoadingManager,
  type Material,
  Mesh,
  PerspectiveCamera,
  Scene,
  Sphere,
  Spherical,
  type Texture,
  TextureLoader,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const lens = 35; // degrees from top to bottom
const mostPixels = 2; // device pixels to a pixel; more costs and is not seen

/** ModelStage draws one model into a box and turns the camera around it. It throws where there is no WebGL. */
export class ModelStage {
  private renderer = new WebGLRenderer({ antialias: true, alpha: true });
  private scene = new Scene();
  private camera = new PerspectiveCamera(lens, 1, 0.01, 1000);
  private controls: OrbitControls;
  private watch: ResizeObserver;
  private extent = new Sphere(new Vector3(), 1);
  private frame = 0;
  private closed = false;

  constructor(private box: HTMLElement) {
    const { renderer, scene, camera } = this;
    renderer.setPixelRatio(Math.min(mostPixels, devicePixelRatio));
    renderer.domElement.setAttribute("aria-hidden", "true");
    box.append(renderer.domElement);
    // The light comes with the camera: what is looked at is lit from wherever it is seen.
    const key = new DirectionalLight("white", 1.9);
    key.position.set(1, 1.5, 1);
    const fill = new DirectionalLight("white", 0.6);
    fill.position.set(-1.5, -0.5, 0.5);
    camera.add(key, fill);
    scene.add(camera, new AmbientLight("white", 0.9));
    this.controls = new OrbitControls(camera, renderer.domElement);
    this.controls.addEventListener("change", this.draw);
    this.watch = new ResizeObserver(this.fit);
    this.watch.observe(box);
    this.fit();
  }

  /** show takes a GLB file. What it does not carry itself is not fetched. */
  async show(data: ArrayBuffer) {
    const manager = new LoadingManager();
    manager.setURLModifier((url) => (/^(blob|data):/.test(url) ? url : "data:,"));
    const loader = new GLTFLoader(manager);
    // Textures by <img>, which the page's policy lets have blobs; the loader's own way fetches them.
    loader.register((parser) => {
      parser.textureLoader = new TextureLoader(manager);
      return { name: "easel" };
    });
    const { scene } = await loader.parseAsync(data.slice(0), "");
    if (this.closed) return;
    const extent = new Box3().setFromObject(scene).getBoundingSphere(new Sphere());
    if (!(extent.radius > 0) || !Number.isFinite(extent.radius)) throw new Error("nothing in it can be seen");
    this.extent = extent;
    this.scene.add(scene);
    this.whole();
  }

  /** whole puts the camera where all of the model is seen, from the front and a little above. */
  whole() {
    const { radius, center } = this.extent;
    const half = (Math.min(lens, this.camera.aspect * lens) * Math.PI) / 360;
    this.camera.near = radius / 100;
    this.camera.far = radius * 100;
    this.camera.updateProjectionMatrix();
    this.controls.minDistance = radius / 10;
    this.controls.maxDistance = radius * 20;
    this.controls.target.copy(center);
    this.camera.position.setFromSphericalCoords((radius / Math.sin(half)) * 1.05, Math.PI * 0.42, Math.PI * 0.12).add(center);
    this.controls.update();
    this.draw();
  }

  /** turn moves the camera around the model, by radians to the side and down. */
  turn(side: number, down: number) {
    this.move((at) => {
      at.theta += side;
      at.phi += down;
    });
  }

  /** near changes the distance by a factor. */
  near(by: number) {
    this.move((at) => {
      at.radius *= by;
    });
  }

  close() {
    this.closed = true;
    cancelAnimationFrame(this.frame);
    this.watch.disconnect();
    this.controls.dispose();
    this.scene.traverse((o) => {
      if (!(o instanceof Mesh)) return;
      o.geometry.dispose();
      for (const m of [o.material].flat() as Material[]) {
        for (const value of Object.values(m)) if ((value as Texture | null)?.isTexture) (value as Texture).dispose();
        m.dispose();
      }
    });
    this.renderer.dispose();
    this.renderer.domElement.remove();
  }

  private move(change: (at: Spherical) => void) {
    const { target, minDistance, maxDistance } = this.controls;
    const at = new Spherical().setFromVector3(this.camera.position.clone().sub(target));
    change(at);
    at.makeSafe();
    at.radius = Math.min(maxDistance, Math.max(minDistance, at.radius));
    this.camera.position.setFromSpherical(at).add(target);
    this.controls.update();
    this.draw();
  }

  private fit = () => {
    const { clientWidth: w, clientHeight: h } = this.box;
    if (w === 0 || h === 0) return;
    this.camera.aspect = w / h;
    this.camera.updateProjectionMatrix();
    this.renderer.setSize(w, h);
    this.draw();
  };

  // Drawn when something changed, once a frame.
  private draw = () => {
    if (this.frame || this.closed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.renderer.render(this.scene, this.camera);
    });
  };
}
